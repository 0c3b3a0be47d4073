"""What it costs a machine to be watched live, and whether anything is lost."""
