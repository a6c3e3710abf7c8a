#!/usr/bin/env python3
"""The recipe for Spack, the container's definition and the environment module, as far as they can be tried without
Spack, Apptainer and Modules: the recipe runs on a Spack of straw, and names every library that CMake looks for;
what the container copies is there; the module is run by tclsh, where there is one.

    packages.py
"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import types

ROOT = pathlib.Path(__file__).resolve().parents[2]
SPACK = {"yaml-0.1": "libyaml", "jansson": "jansson", "libpcre2-8": "pcre2", "libxxhash": "xxhash", "ZLIB": "zlib-api",
         "MPI": "mpi", "openblas": "openblas", "hdf5": "hdf5", "random123": "random123"}


def check_recipe():
    told = []
    straw = types.ModuleType("spack.package")
    for name in ("version", "variant", "depends_on"):
        setattr(straw, name, lambda *a, _name=name, **k: told.append((_name, a[0])))

    class CMakePackage:
        run_tests = False
        spec = {"hdf5": types.SimpleNamespace(prefix="/hdf5")}

        def define(self, name, value):
            return f"-D{name}={value}"

        def define_from_variant(self, name, variant):
            assert ("variant", variant) in told
            return f"-D{name}=…"

    straw.CMakePackage = CMakePackage
    sys.modules["spack"], sys.modules["spack.package"] = types.ModuleType("spack"), straw
    scope = {}
    exec(compile((ROOT / "launch/spack/package.py").read_text(), "package.py", "exec"), scope)
    needs = {re.split(r"[@~ ]", what)[0] for kind, what in told if kind == "depends_on"}
    rules = (ROOT / "src/CMakeLists.txt").read_text()
    wanted = {"openblas", "hdf5", "random123"}  # found otherwise
    wanted |= set(re.findall(r"pkg_check_modules\(\w+ REQUIRED IMPORTED_TARGET ([\w.-]+)\)", rules))
    wanted |= set(re.findall(r"find_package\((MPI|ZLIB) REQUIRED", rules))
    assert len(wanted) >= 9 and {SPACK[name] for name in wanted} <= needs, (wanted, needs)
    options = (ROOT / "CMakeLists.txt").read_text()
    for argument in scope["Gyre"]().cmake_args():
        name = re.match(r"-D(\w+)=", argument)[1]
        assert name in ("BUILD_SHARED_LIBS", "HDF5_ROOT") or f"option({name} " in options, name


def check_container():
    text = (ROOT / "launch/apptainer.def").read_text()
    parts = dict(re.findall(r"^%(\w+)\n(.*?)(?=^%|\Z)", text, re.M | re.S))
    assert {"files", "post", "runscript", "test"} <= set(parts), parts
    for line in parts["files"].split("\n"):
        assert not line.strip() or (ROOT / line.split()[0]).exists(), line
    for part in ("post", "runscript", "test"):
        subprocess.run(["sh", "-n"], input=parts[part], text=True, check=True)


def check_module():
    if shutil.which("tclsh") is None:
        print("there is no tclsh: the module was not tried")
        return
    with tempfile.TemporaryDirectory(prefix="gyre-module-") as base:
        place = pathlib.Path(base).resolve()
        module = place / "share/gyre/launch/modules/gyre"
        module.parent.mkdir(parents=True)
        (place / "lib/pkgconfig").mkdir(parents=True)
        (place / "lib/libgyre.so.0").touch()
        module.write_bytes((ROOT / "launch/modules/gyre").read_bytes())
        straw = f"""foreach word {{module-whatis conflict}} {{ proc $word args {{}} }}
proc prepend-path {{name path}} {{ puts "$name=$path" }}
set ModulesCurrentModulefile {module}
source {module}
"""
        said = subprocess.run(["tclsh"], input=straw, capture_output=True, text=True, check=True).stdout
        assert said.split() == [f"PATH={place}/bin", f"CMAKE_PREFIX_PATH={place}",
                                f"PKG_CONFIG_PATH={place}/lib/pkgconfig", f"LD_LIBRARY_PATH={place}/lib"], said


check_recipe()
check_container()
check_module()
print("packages: recipe, container and module")
