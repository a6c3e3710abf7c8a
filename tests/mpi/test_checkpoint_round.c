/* Written on these ranks, read back equal: in another layout, from many shards, by h5py. */
#include "checkpoint_trial.h"

static const char step_7[] = "run/checkpoints/step-000000007";

static void reads_back_equal(void)
{
    enum { WAYS = 7, OWN = GY_WRITER_ALL };
    static const gy_checkpoint_settings ways[WAYS] = {
        {.keep = 3},
        {.keep = 3, .shards = 1, .asynchronous = true},
        {.keep = 3, .shards = 2},
        {.keep = 3, .shards = 7, .asynchronous = true},
        {.keep = 3, .asynchronous = true},
        {.keep = 3, .writer = OWN},
        {.keep = 3,
         .writer = OWN,
         .asynchronous = true,
         .shards = 2}}; /* one a rank all the same */
    gy_tempdir dir;
    gy_trial t, other;
    gy_trial_directory(&dir);
    gy_trial_make(&t, false, 30);
    gy_trial_make(&other, true, 30);
    const char *path = gy_tempdir_join(&dir, step_7);
    for (int i = 0; i < WAYS; i++) {
        bool own = ways[i].writer == OWN;
        gy_trial_fill(&t, 7, i, 0);
        CU_ASSERT_EQUAL_FATAL(gy_trial_save(gy_tempdir_join(&dir, "run"), &ways[i], &t.c,
                                            ways[i].asynchronous ? &t : NULL),
                              GY_OK);
        gy_trial_wipe(&t);
        CU_ASSERT_EQUAL(gy_trial_read(&t, path, GY_MATCH_ALL, 2), GY_OK);
        CU_ASSERT_EQUAL(gy_trial_walk(&t, false, true, 7), 0);
        gy_trial_wipe(&other); /* another order of the tensors, through the link */
        const char *latest = gy_tempdir_join(&dir, "run/checkpoints/latest");
        CU_ASSERT_EQUAL(gy_trial_read(&other, latest, GY_MATCH_ALL, 2), GY_OK);
        CU_ASSERT_EQUAL(gy_trial_walk(&other, false, true, 7), 0);
        gy_verify_result result;
        CU_ASSERT_EQUAL(gy_checkpoint_verify(gy_test_ctx, path, NULL, NULL, &result), GY_OK);
        int64_t shards = own ? 0 : ways[i].shards;
        int64_t files = shards == 0 ? gy_comm_ranks(gy_test_comm) : shards;
        CU_ASSERT_EQUAL(result.files, files + 1);
        CU_ASSERT_EQUAL(gy_comm_barrier(gy_test_comm), GY_OK);
    }
    gy_trial_free(&other);
    gy_trial_free(&t);
    gy_trial_leave(&dir);
}

/* More than one piece of 4 MiB a shard and a rank. */
static void large_tensors_go_in_pieces(void)
{
    gy_tempdir dir;
    gy_trial t;
    gy_trial_directory(&dir);
    gy_trial_make(&t, false, 250000);
    CU_ASSERT_EQUAL_FATAL(gy_trial_write(&t, gy_tempdir_join(&dir, "run"), 7, 2, 3, 0), GY_OK);
    int64_t before = gy_alloc_peak_bytes(gy_test_ctx);
    CU_ASSERT_TRUE(before < gy_alloc_bytes(gy_test_ctx) + (10 << 20));
    gy_trial_wipe(&t);
    CU_ASSERT_EQUAL(gy_trial_read(&t, gy_tempdir_join(&dir, step_7), GY_MATCH_ALL, 2), GY_OK);
    CU_ASSERT_EQUAL(gy_trial_walk(&t, false, true, 7), 0);
    gy_trial_free(&t);
    gy_trial_leave(&dir);
}

static void head_and_notes_come_back(void)
{
    gy_tempdir dir;
    gy_trial t;
    gy_pool pool;
    gy_checkpoint_head h;
    gy_trial_directory(&dir);
    gy_pool_init(&pool, gy_test_ctx);
    gy_trial_make(&t, false, 3);
    const char *run = gy_tempdir_join(&dir, "run"), *path = gy_tempdir_join(&dir, step_7);
    CU_ASSERT_EQUAL_FATAL(gy_trial_write(&t, run, 7, 0, 3, 0), GY_OK);
    CU_ASSERT_EQUAL_FATAL(gy_checkpoint_read_head(gy_test_ctx, gy_test_comm, path, &pool, &h),
                          GY_OK);
    CU_ASSERT_TRUE(h.step == 7 && h.epoch == 3 && h.sample_in_epoch == 40);
    CU_ASSERT_EQUAL(h.world_size, gy_comm_ranks(gy_test_comm));
    CU_ASSERT_EQUAL(h.parameters, t.table.elements);
    CU_ASSERT_EQUAL(h.seed, UINT64_MAX - 5);
    CU_ASSERT_STRING_EQUAL(h.config, t.c.config);
    CU_ASSERT_EQUAL(strlen(h.created), 20);
    CU_ASSERT_TRUE(strlen(h.version) > 0);
    CU_ASSERT_EQUAL(h.n_notes, 3);
    const gy_checkpoint_note *n = gy_checkpoint_note_find(&h, "/metrics", "best_loss");
    CU_ASSERT_TRUE(n != NULL && n->text == NULL && n->number == 0.25);
    n = gy_checkpoint_note_find(&h, "/data", "class_names");
    CU_ASSERT_TRUE(n != NULL && n->text != NULL && strcmp(n->text, "[\"a\"]") == 0);
    n = gy_checkpoint_note_find(&h, "/state", "empty");
    CU_ASSERT_TRUE(n != NULL && n->text != NULL && n->text[0] == '\0');
    CU_ASSERT_PTR_NULL(gy_checkpoint_note_find(&h, "/state", "best_loss"));
    CU_ASSERT_EQUAL(gy_checkpoint_read_head(gy_test_ctx, gy_test_comm, run, &pool, &h), GY_E_USAGE);
    CU_ASSERT_EQUAL(gy_checkpoint_read_head(gy_test_ctx, gy_test_comm,
                                            gy_tempdir_join(&dir, "none"), &pool, &h),
                    GY_E_USAGE);
    gy_pool_clear(&pool);
    gy_trial_free(&t);
    gy_trial_leave(&dir);
}

/* Every ranks-th block of three alignments. @return how many ranges there are */
static int deal(gy_range *ranges, int64_t length, int turn)
{
    enum { BLOCK = 3 * GY_PARAM_ALIGN };
    int n = 0, ranks = gy_comm_ranks(gy_test_comm);
    int64_t first = (gy_comm_rank(gy_test_comm) + turn) % ranks;
    for (int64_t from = first * BLOCK; from < length; from += (int64_t)ranks * BLOCK)
        ranges[n++] = (gy_range){from, from + BLOCK < length ? from + BLOCK : length};
    return n;
}

/* Written by those who hold them, read by those who want them. */
static void slices_go_and_come(void)
{
    enum { RANGES = 4000 };
    static gy_range ranges[2][RANGES];
    gy_tempdir dir;
    gy_trial t;
    float *packed;
    gy_trial_directory(&dir);
    gy_trial_make(&t, false, 100);
    int64_t length = t.table.trainable;
    gy_checkpoint_settings settings = {.keep = 3, .shards = 2};
    gy_trial_fill(&t, 7, 0, 0);
    gy_ranges held = {ranges[0], deal(ranges[0], length, 0)};
    gy_ranges wanted = {ranges[1], deal(ranges[1], length, 1)};
    CU_ASSERT_EQUAL_FATAL(gy_new_array(gy_test_ctx, length, &packed), GY_OK);
    gy_ranges_pack(&held, t.slots[0], packed);
    t.c.slots[0] = (gy_checkpoint_slot){"momentum", packed, &held, NULL};
    t.c.n_slots = 1;
    const char *run = gy_tempdir_join(&dir, "run");
    CU_ASSERT_EQUAL_FATAL(gy_trial_save(run, &settings, &t.c, NULL), GY_OK);
    memset(packed, 0, (size_t)length * sizeof *packed);
    gy_checkpoint_slot slot = {"momentum", packed, &wanted, NULL};
    CU_ASSERT_EQUAL(gy_checkpoint_read(gy_test_ctx, gy_test_comm, gy_tempdir_join(&dir, step_7),
                                       GY_MATCH_ALL, &t.table, t.values, &t.buffer_table,
                                       t.buffer_values, &slot, 1),
                    GY_OK);
    const float *at = packed;
    for (int i = 0; i < wanted.n; i++) {
        int64_t n = wanted.v[i].to - wanted.v[i].from;
        CU_ASSERT_EQUAL(memcmp(at, t.slots[0] + wanted.v[i].from, (size_t)n * sizeof *at), 0);
        at += n;
    }
    held.n--; /* a slice that nobody holds */
    CU_ASSERT_EQUAL(gy_trial_save(run, &settings, &t.c, NULL), GY_E_SHAPE);
    gy_free(gy_test_ctx, packed);
    gy_trial_free(&t);
    gy_trial_leave(&dir);
}

/* A slot with a table of its own: fewer tensors, of other shapes, all of it on every rank. */
static void slots_may_have_shapes_of_their_own(void)
{
    static const gy_param rows[] = {{"b/weight", {1, {5}}, GY_ROLE_WEIGHT, true, 0, 5, NULL},
                                    {"a", {2, {3, 2}}, GY_ROLE_WEIGHT, true, 16, 6, NULL}};
    static const gy_params table = {
        .v = rows, .n = 2, .floats = 32, .trainable = 32, .elements = 11};
    gy_tempdir dir;
    gy_trial t;
    float x[32] = {0}, y[32] = {0};
    gy_trial_directory(&dir);
    gy_trial_make(&t, false, 100);
    gy_trial_fill(&t, 7, 0, 0);
    for (int i = 0; i < 22; i++) x[i] = i < 5 || i >= 16 ? (float)(i + 1) : 0.0f;
    const gy_checkpoint_settings settings = {.keep = 3, .shards = 2};
    t.c.slots[0] = (gy_checkpoint_slot){.name = "row_moment", .v = x, .table = &table};
    t.c.n_slots = 1;
    CU_ASSERT_EQUAL_FATAL(gy_trial_save(gy_tempdir_join(&dir, "run"), &settings, &t.c, NULL),
                          GY_OK);
    gy_checkpoint_slot slot = {.name = "row_moment", .v = y, .table = &table};
    for (int turn = 0; turn < 2; turn++) {
        const gy_status status = gy_checkpoint_read(
            gy_test_ctx, gy_test_comm, gy_tempdir_join(&dir, step_7), GY_MATCH_ALL, &t.table,
            t.values, &t.buffer_table, t.buffer_values, &slot, 1);
        CU_ASSERT_EQUAL(status, turn == 0 ? GY_OK : GY_E_CONFIG);
        CU_ASSERT_EQUAL(memcmp(x, y, sizeof x), 0);
        slot.table = NULL; /* as the parameters lie, they are not there */
        slot.v = t.slots[0];
    }
    gy_trial_free(&t);
    gy_trial_leave(&dir);
}

static void averages_may_lie_on_values(void)
{
    gy_tempdir dir;
    gy_trial t;
    gy_trial_directory(&dir);
    gy_trial_make(&t, false, 40);
    CU_ASSERT_EQUAL_FATAL(gy_trial_write(&t, gy_tempdir_join(&dir, "run"), 7, 3, 3, 0), GY_OK);
    gy_trial_wipe(&t);
    gy_checkpoint_slot average = {"average", t.values, NULL, NULL};
    CU_ASSERT_EQUAL(gy_checkpoint_read(gy_test_ctx, gy_test_comm, gy_tempdir_join(&dir, step_7),
                                       GY_MATCH_PARAMS, &t.table, t.values, &t.buffer_table,
                                       t.buffer_values, &average, 1),
                    GY_OK);
    for (int i = 0; i < t.table.n; i++) {
        const gy_param *p = &t.table.v[i];
        int kind = p->trainable ? 3 + 70 : 70; /* "average", or the values */
        for (int64_t j = 0; j < p->count; j++)
            CU_ASSERT_EQUAL_FATAL(t.values[p->offset + j], gy_trial_number(p->name, j, kind));
    }
    gy_trial_free(&t);
    gy_trial_leave(&dir);
}

/* Runs Python with h5py on rank 0; 0 on all ranks where it is well or cannot be. */
static int python(gy_tempdir *dir, const char *text)
{
    char command[8192];
    int failed = 0;
    if (gy_trial_is_first()) {
        (void)snprintf(command, sizeof command,
                       "cd '%s' && python3 -c 'import h5py' 2>/dev/null || exit 2; "
                       "cat > script.py <<'E'\nimport h5py, numpy as np, os\n%s\nE\n"
                       "exec python3 script.py",
                       dir->path, text);
        int result = system(command);
        if (result == 2 << 8) puts("(no h5py here: not checked against it)");
        failed = result != 0 && result != 2 << 8;
    }
    CU_ASSERT_EQUAL(gy_comm_broadcast(gy_test_comm, &failed, sizeof failed, 0), GY_OK);
    return failed;
}

/* From another working directory, after the run's directory was moved. */
static void others_see_whole_tensors(void)
{
    gy_tempdir dir;
    gy_trial t;
    gy_trial_directory(&dir);
    gy_trial_make(&t, false, 30);
    for (int64_t shards = 1; shards < 8; shards += 2) { /* in the end each rank its own */
        const gy_checkpoint_settings settings = {
            .keep = 3, .shards = shards, .writer = shards == 7 ? GY_WRITER_ALL : GY_WRITER_RANK0};
        gy_trial_fill(&t, 7, 0, 0);
        CU_ASSERT_EQUAL_FATAL(gy_trial_save(gy_tempdir_join(&dir, "run"), &settings, &t.c, NULL),
                              GY_OK);
        if (gy_trial_is_first()) {
            FILE *raw = fopen(gy_tempdir_join(&dir, "want.f4"), "wb");
            CU_ASSERT_PTR_NOT_NULL_FATAL(raw);
            for (int i = 0; i < 5; i++) {
                const gy_param *p = &t.params[i];
                (void)fwrite(t.values + p->offset, 4, (size_t)p->count, raw);
                if (p->trainable) (void)fwrite(t.slots[0] + p->offset, 4, (size_t)p->count, raw);
            }
            (void)fclose(raw);
        }
        static const char text[] =
            "d = os.getcwd(); want = np.fromfile('want.f4', '<f4')\n"
            "import shutil; shutil.rmtree('moved', True); os.rename('run', 'moved')\n"
            "os.makedirs('else', exist_ok=True); os.chdir('else')\n"
            "f = h5py.File(d + '/moved/checkpoints/latest/index.h5')\n"
            "a = f.attrs\n"
            "assert a['format'] == 'gyre-checkpoint' and a['format_version'] == 1\n"
            "assert a['step'] == 7 and a['epoch'] == 3 and a['sample_in_epoch'] == 40\n"
            "assert a['seed'] == 2**64 - 6 and 'größe' in a['config']\n"
            "assert a['parameters'] == 7*33 + 7 + 180 + 300 + 99 and a['world_size'] >= 1\n"
            "assert set(a) == set('format format_version step epoch sample_in_epoch world_size'\n"
            "  ' seed config parameters created version'.split()), set(a)\n"
            "assert f['metrics'].attrs['best_loss'] == 0.25\n"
            "got = []\n"
            "for n in ['a/weight', 'a/bias', 'block/0/b/kernel', 'big/weight', 'frozen/weight']:\n"
            "  p = f['params/' + n]; assert p.dtype == '<f4'\n"
            "  assert np.isnan(p.fillvalue) if p.is_virtual else p.size <= 128, n\n"
            "  got.append(p[...].ravel())\n"
            "  if n[0] != 'f': got.append(f['optimizer/momentum/' + n][...].ravel())\n"
            "assert not f['params/a/bias'].is_virtual or a['world_size'] > 3\n"
            "assert f['params/block/0/b/kernel'].shape == (3, 3, 5, 4)\n"
            "assert 'frozen' not in f['optimizer/momentum'], 'frozen'\n"
            "assert (np.concatenate(got) == want).all()\n"
            "assert f['buffers/norm/mean'].shape == (33,)\n"
            "assert f['buffers/norm/mean'].attrs['checksum'].dtype == np.uint64\n"
            "at = 0\n"
            "for i in range(f['shards'].attrs['count']):\n"
            "  g = f['shards/%05d' % i].attrs\n"
            "  s = h5py.File(d + '/moved/checkpoints/latest/shard-%05d.h5' % i)\n"
            "  v = s['values']; assert v.attrs['offset'] == at; at += v.shape[0]\n"
            "  assert v.attrs['count'] == v.shape[0] == g['values_count']\n"
            "  assert v.attrs['checksum'] == g['values_checksum']\n"
            "  m = s['optimizer/momentum']\n"
            "  assert m.attrs['checksum'] == g['momentum_checksum']\n"
            "  try:\n"
            "    import xxhash\n"
            "    assert xxhash.xxh3_64_intdigest(v[...].tobytes()) == v.attrs['checksum']\n"
            "  except ImportError: pass\n";
        CU_ASSERT_EQUAL(python(&dir, text), 0);
    }
    gy_trial_free(&t);
    gy_trial_leave(&dir);
}

/* Only frozen tensors, no buffers, no slots; and more shards than there is to put in them. */
static void little_is_written_too(void)
{
    gy_tempdir dir;
    gy_trial_directory(&dir);
    gy_param only = {.name = "w", .shape = {1, {3}}, .count = 3};
    gy_params table = {.v = &only, .n = 1, .floats = 16, .elements = 3};
    _Alignas(64) float x[16] = {1, 2, 3};
    gy_checkpoint c = {.params = &table, .values = x, .step = 0};
    gy_checkpoint_settings settings = {.keep = 1, .shards = 4};
    const char *run = gy_tempdir_join(&dir, "run");
    c.n_slots = 1; /* of no length */
    c.slots[0] = (gy_checkpoint_slot){"momentum", x, NULL, NULL};
    CU_ASSERT_EQUAL_FATAL(gy_trial_save(run, &settings, &c, NULL), GY_OK);
    float y[16] = {0};
    const char *path = gy_tempdir_join(&dir, "run/checkpoints/latest");
    CU_ASSERT_EQUAL(gy_checkpoint_read(gy_test_ctx, gy_test_comm, path, GY_MATCH_ALL, &table, y,
                                       NULL, NULL, NULL, 0),
                    GY_OK);
    CU_ASSERT_EQUAL(memcmp(x, y, sizeof x), 0);
    gy_verify_result result;
    CU_ASSERT_EQUAL(gy_checkpoint_verify(gy_test_ctx, run, NULL, NULL, &result), GY_OK);
    CU_ASSERT_EQUAL(result.files, 5);
    gy_trial_leave(&dir);
}

GY_TEST_MPI_MAIN(GY_TEST(reads_back_equal), GY_TEST(large_tensors_go_in_pieces),
                 GY_TEST(head_and_notes_come_back), GY_TEST(slices_go_and_come),
                 GY_TEST(slots_may_have_shapes_of_their_own), GY_TEST(averages_may_lie_on_values),
                 GY_TEST(others_see_whole_tensors), GY_TEST(little_is_written_too))
