# gyre_hdf5: the HDF5 library by pkg-config, the serial flavour first; else by CMake's own module, as
# builds by autotools bring no .pc (HDF5_ROOT names their place). For our build and for that of others.
if(NOT TARGET gyre_hdf5)
    add_library(gyre_hdf5 INTERFACE IMPORTED)
    pkg_search_module(hdf5 QUIET IMPORTED_TARGET hdf5-serial hdf5)
    if(hdf5_FOUND)
        set_target_properties(gyre_hdf5 PROPERTIES INTERFACE_LINK_LIBRARIES PkgConfig::hdf5)
    else()
        find_package(HDF5 REQUIRED COMPONENTS C)
        set_target_properties(gyre_hdf5 PROPERTIES
            INTERFACE_INCLUDE_DIRECTORIES "${HDF5_C_INCLUDE_DIRS}"
            INTERFACE_LINK_LIBRARIES "${HDF5_C_LIBRARIES}")
    endif()
endif()
