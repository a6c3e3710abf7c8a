/**
 * Where a run stands, beside its vectors, its position and its sums: X(name, type, place, subject), the
 * place being a field of gy_place. Written and read by one loop (note.c), under the name of what it is
 * of: /state of a checkpoint has "validation_loss.best_value" and "adamw.updates". What a changed
 * configuration makes void (change.c) starts anew, everything else goes on.
 */
#ifndef GY_TRAIN_STATE_LIST_H
#define GY_TRAIN_STATE_LIST_H

/** X(subject): what a number can be of, and what a change of the configuration can make void. */
#define GY_SUBJECT_LIST(X)                                                                         \
    X(run)         /* as long as it goes on */                                                     \
    X(ending)      /* a run that goes on has not ended */                                          \
    X(monitor)     /* the monitored value */                                                       \
    X(schedule)    /* the kind of schedule */                                                      \
    X(optimizer)   /* the kind of optimizer */                                                     \
    X(compression) /* the kind of compression, and the shape of what it remembers */               \
    X(hosts)       /* so many ranks on so many hosts */                                            \
    X(sums)        /* of the epoch under way: sums.c */                                            \
    X(data)        /* what the training data taught */                                             \
    X(plan)        /* how long the run is to be, on what */                                        \
    X(model)       /* none: a run does not go on with another one */

#define GY_STATE_LIST(X)                                                                           \
    X(elapsed_seconds, double, elapsed_s, run)                                                     \
    X(saving_seconds, double, saving_s, run)                                                       \
    X(longest_step_seconds, double, longest_s, run)                                                \
    X(skipped_in_a_row, int64_t, skipped, run)                                                     \
    X(average_updates, int64_t, averaged, run)                                                     \
    X(next_learning_rate, double, next_rate, run)                                                  \
    X(residuals, int64_t, residuals, run)                                                          \
    X(finished, bool, finished, ending)                                                            \
    X(ended_early, bool, early, ending)                                                            \
    X(best_value, double, best.value, monitor)                                                     \
    X(best_step, int64_t, best.step, monitor)                                                      \
    X(best_waited, int64_t, best.waited, monitor)                                                  \
    X(schedule_best, double, schedule.best, monitor)                                               \
    X(schedule_waited, int64_t, schedule.waited, monitor)                                          \
    X(factor, double, schedule.factor, schedule)                                                   \
    X(updates, int64_t, updates, optimizer)                                                        \
    X(has_memory, bool, has_memory, compression)                                                   \
    X(message_seconds, double, topology.message_s, hosts)                                          \
    X(byte_seconds, double, topology.byte_s, hosts)                                                \
    X(copy_seconds, double, topology.copy_s, hosts)

#define GY_SUBJECT_ENUM(name) GY_OF_##name,
typedef enum gy_subject { GY_SUBJECT_LIST(GY_SUBJECT_ENUM) GY_SUBJECTS } gy_subject;
#undef GY_SUBJECT_ENUM

#endif
