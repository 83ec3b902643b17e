"""What an instrumented program imports: capture in its threads, everything else in one background thread."""
