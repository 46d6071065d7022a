"""The exported graph behind a network interface: the Open Inference Protocol, Triton, functions for remote workers."""
