"""Where events come from: capture files now, live kernels later; every source hands out batches of events."""
