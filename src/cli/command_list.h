/** The commands, in the order of help: X(name), a file each in commands/. */
#ifndef GY_CLI_COMMAND_LIST_H
#define GY_CLI_COMMAND_LIST_H

#include "cli.h"

#define GY_COMMAND_LIST(X)                                                                         \
    X(train)                                                                                       \
    X(crossval)                                                                                    \
    X(meta)                                                                                        \
    X(search)                                                                                      \
    X(eval)                                                                                        \
    X(predict)                                                                                     \
    X(generate)                                                                                    \
    X(inspect)                                                                                     \
    X(compress)                                                                                    \
    X(verify)                                                                                      \
    X(export)                                                                                      \
    X(import)                                                                                      \
    X(report)                                                                                      \
    X(plot)                                                                                        \
    X(data)                                                                                        \
    X(bench)                                                                                       \
    X(help)                                                                                        \
    X(version)

#define GY_COMMAND_DECLARE(name) extern const gy_command gy_command_##name;
GY_COMMAND_LIST(GY_COMMAND_DECLARE)
#undef GY_COMMAND_DECLARE

#endif
