"""The windows that help to use the program: they show, and change nothing of the patient."""
