# Included by ctest before it runs. Tests flush what they write thousands of times, which a disk may take
# minutes for: where nobody says where files go, they go to memory, if there is room.
if(NOT DEFINED ENV{TMPDIR} AND IS_DIRECTORY /dev/shm)
    execute_process(COMMAND df -kP /dev/shm OUTPUT_VARIABLE space ERROR_QUIET)
    if(space MATCHES "[0-9]+ +[0-9]+ +([0-9]+) +[0-9]+% /dev/shm" AND CMAKE_MATCH_1 GREATER 4000000)
        set(ENV{TMPDIR} /dev/shm)
    endif()
endif()
