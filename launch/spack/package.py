# A recipe for Spack, of the checkout that it lies in:
#   spack repo create ~/gyre-repo gyre && mkdir -p ~/gyre-repo/packages/gyre
#   cp launch/spack/package.py ~/gyre-repo/packages/gyre && spack repo add ~/gyre-repo
#   spack dev-build gyre@main %gcc ^openmpi        # in the checkout; any MPI of version 3.1 or later
from spack.package import *


class Gyre(CMakePackage):
    """Data-parallel training of neural networks on CPU clusters, by MPI: the same bits on any number of ranks,
    checkpoints that fit any other, at home under batch systems."""

    version("main")

    variant("shared", default=False, description="libgyre as a shared library")
    variant("native", default=False, description="compiled for this machine alone")

    depends_on("c", type="build")
    depends_on("cmake@3.18:", type="build")
    depends_on("pkgconfig", type="build")
    depends_on("mpi@3.1:")
    depends_on("openblas threads=openmp")
    depends_on("hdf5@1.10: ~mpi")
    depends_on("libyaml")
    depends_on("jansson")
    depends_on("pcre2")
    depends_on("xxhash")
    depends_on("zlib-api")
    depends_on("random123")
    depends_on("gnuplot", type="run")
    depends_on("cunit", type="test")

    def cmake_args(self):
        return [
            self.define_from_variant("BUILD_SHARED_LIBS", "shared"),
            self.define_from_variant("GYRE_NATIVE", "native"),
            self.define("GYRE_TESTS", self.run_tests),
            self.define("HDF5_ROOT", self.spec["hdf5"].prefix),
        ]
