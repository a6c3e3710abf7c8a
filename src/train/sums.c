/*
 * The sums of the epoch under way, in checkpoints: a text each for the loss and every metric, by name,
 * a row a rank, or a grain. So each rank goes on with what it had itself, and the sums of the epoch are
 * rounded as if it had never stopped. On other ranks row k goes to rank k mod N. Where all ranks have the
 * sums of all (grains, comm.survive) they are in the rows of the grains, or in the first.
 *
 * Metrics divide by what the loss has counted: one that was not there from the epoch's begin makes all
 * sums start anew.
 */
#include "train_impl.h"

#include "base/log.h"
#include "base/number.h"
#include "text/tree.h"

#include <stdio.h>
#include <string.h>

/** Sums of one name: a row's [from, from + n). */
typedef struct column {
    const char *name;
    int from, n;
} column;

/* Some metrics have none of their own. */
static int list_columns(const gy_task *task, column *out)
{
    int n = 0;
    for (int i = 0; i <= task->n_metrics; i++) {
        int from = i == 0 ? 0 : task->at[i - 1];
        int to = i == task->n_metrics ? task->sums : task->at[i];
        const char *name = i == 0 ? "loss" : task->metrics[i - 1]->kind.name;
        if (to > from) out[n++] = (column){name, from, to - from};
    }
    return n;
}

static int count_rows(const gy_run *run)
{
    return run->network.grains > 0 ? run->network.grains : run->ranks;
}

static const char *note_name(const column *c, char out[GY_NOTE_NAME])
{
    (void)snprintf(out, GY_NOTE_NAME, "epoch_sums.%s", c->name);
    return out;
}

static void print_column(const gy_run *run, const column *c, const double *rows, gy_notes *list)
{
    char name[GY_NOTE_NAME];
    const char *kept = NULL;
    gy_buffer out;
    gy_buffer_init(&out, run->ctx);
    gy_json_begin(&out, NULL, '[');
    for (int row = 0; row < count_rows(run); row++)
        for (int i = 0; i < c->n; i++)
            gy_json_float(&out, NULL, rows[row * run->network.task.sums + c->from + i]);
    gy_json_end(&out, ']');
    if (list->status == GY_OK) list->status = out.status;
    if (list->status == GY_OK) list->status = gy_pool_string(list->pool, note_name(c, name), &kept);
    gy_notes_text(list, "/state", kept, gy_buffer_text(&out));
    gy_buffer_clear(&out);
}

gy_status gy_run_list_sums(gy_run *run, gy_notes *list)
{
    const gy_task *task = &run->network.task;
    const int n = run->network.rows * task->sums, all = count_rows(run) * task->sums;
    column columns[GY_TASK_METRICS + 1];
    double *rows = NULL;
    GY_TRY(gy_comm_agree(run->comm, gy_pool_array(list->pool, all, &rows)));
    double *mine = run->sum->shares ? rows : rows + run->rank * task->sums;
    memcpy(mine, run->at.tally, (size_t)n * sizeof *mine);
    if (!run->sum->shares) /* others' rows are 0: nothing is rounded */
        GY_TRY(gy_comm_sum(run->comm, rows, all));
    for (int i = 0, m = list_columns(task, columns); i < m; i++)
        print_column(run, &columns[i], rows, list);
    return GY_OK;
}

/* Whether this rank takes a row, and where it has it. */
static bool takes(const gy_run *run, int row, int *to)
{
    const int grains = run->network.grains;
    *to = grains > 0 ? row % grains : 0;
    return run->sum->shares || row % run->ranks == run->rank;
}

static void take_column(gy_run *run, const column *c, const gy_node *list)
{
    int i = 0, to;
    for (const gy_node *item = list->first; item != NULL; item = item->next, i++) {
        double value = 0;
        if (!takes(run, i / c->n, &to)) continue;
        if (item->text != NULL && gy_number_float(item->text, &value))
            run->at.tally[to * run->network.task.sums + c->from + i % c->n] += value;
    }
}

/* Lists of as many rows each. @return the first column that is not there; −1: all are */
static int find_columns(const gy_checkpoint_head *head, const column *columns, int n, gy_pool *pool,
                        gy_node **lists)
{
    char name[GY_NOTE_NAME];
    for (int i = 0; i < n; i++) {
        const gy_checkpoint_note *note =
            gy_checkpoint_note_find(head, "/state", note_name(&columns[i], name));
        if (note == NULL || note->text == NULL) return i;
        gy_status status = gy_json_parse(pool, "/state", note->text, strlen(note->text), &lists[i]);
        if (status != GY_OK || lists[i]->type != GY_NODE_LIST || lists[i]->n == 0) return i;
        if (lists[i]->n % columns[i].n != 0) return i;
        if (lists[i]->n / columns[i].n != lists[0]->n / columns[0].n) return i;
    }
    return -1;
}

void gy_run_take_sums(gy_run *run, const gy_checkpoint_head *head)
{
    column columns[GY_TASK_METRICS + 1];
    gy_node *lists[GY_TASK_METRICS + 1] = {NULL};
    gy_pool pool;
    if (head->sample_in_epoch == 0) return; /* they are 0 */
    const int n = list_columns(&run->network.task, columns);
    gy_pool_init(&pool, run->ctx);
    const int missing = find_columns(head, columns, n, &pool, lists);
    for (int i = 0; i < n && missing < 0; i++) take_column(run, &columns[i], lists[i]);
    gy_pool_clear(&pool);
    if (missing >= 0 && run->rank == 0)
        gy_log(run->ctx, GY_INFO, "resume: the sums of this epoch are without %s: they start anew",
               columns[missing].name);
}
