"""Files from anywhere, parsed in a child process that can be killed, never in the program itself."""
