"""What a user can do: one table of commands, read by menus, toolbar, shortcuts and tests; no Qt."""
