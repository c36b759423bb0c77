"""A small ResNet on Fashion-MNIST: what compression of convolutions costs in accuracy."""
