"""What holds for all tests."""

from hypothesis import settings

# Machines that run tests are shared, and files and first calls of kernels are slow at times; a
# deadline for each example would fail by chance.
settings.register_profile("geocolor", deadline=None)
settings.load_profile("geocolor")
