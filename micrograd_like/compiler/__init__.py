"""Compiling what the engine recorded: from a graph to a program, from a program to machine code."""
