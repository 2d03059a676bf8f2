"""What is seen of the program: widgets that show the state and emit wishes."""
