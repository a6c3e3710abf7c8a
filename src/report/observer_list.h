/** The kinds of observers: X(name, help of its setting log.<name>), a file each in observers/. */
#ifndef GY_REPORT_OBSERVER_LIST_H
#define GY_REPORT_OBSERVER_LIST_H

#define GY_OBSERVER_LIST(X)                                                                        \
    X(tensorboard, "event files for TensorBoard")                                                  \
    X(mlflow, "a file store of MLflow's")                                                          \
    X(prometheus, "gyre.prom, a text file for Prometheus' node exporter")                          \
    X(mllog, "mllog.txt, lines as MLPerf has them")

#endif
