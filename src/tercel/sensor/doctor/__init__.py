"""What live capture finds on this machine: each check a declared row, each absence with what it costs."""
