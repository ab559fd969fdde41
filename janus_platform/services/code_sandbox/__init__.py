"""The parts of the code sandbox: toolchains, the private directory, the memory guard, and the run of one program."""
