"""What an import is: values and decisions. Standard library only, no clock, no I/O."""
