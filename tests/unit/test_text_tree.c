/* YAML and JSON to trees and back; what is refused, and where it is said to stand. */
#include "gy_test.h"

#include "text/tree.h"
#include "text/utf8.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct fixture {
    gy_context *ctx;
    gy_pool pool;
    gy_buffer json;
    gy_node *tree;
} fixture;

static fixture begin(void)
{
    fixture f = {.ctx = gy_test_context()};
    gy_pool_init(&f.pool, f.ctx);
    gy_buffer_init(&f.json, f.ctx);
    return f;
}

static void end(fixture *f)
{
    gy_buffer_clear(&f->json);
    gy_pool_clear(&f->pool);
    gy_test_end(f->ctx);
}

static gy_status parse(fixture *f, const char *yaml)
{
    return gy_yaml_parse(&f->pool, "m.yaml", yaml, strlen(yaml), &f->tree);
}

static const char *as_json(fixture *f, const char *yaml)
{
    gy_buffer_reset(&f->json);
    if (parse(f, yaml) != GY_OK) return gy_error_last()->text;
    gy_json_print(f->tree, &f->json);
    return gy_buffer_text(&f->json);
}

static void yaml_becomes_a_tree(void)
{
    fixture f = begin();
    static const struct {
        const char *yaml, *json;
    } cases[] = {
        {"", "{}"},
        {"# nothing\n", "{}"},
        {"a: 1\nb: [x, 'y', \"z\"]\n", "{\"a\": 1, \"b\": [\"x\", \"y\", \"z\"]}"},
        {"a: {b: c, d: {}}\ne: []\n", "{\"a\": {\"b\": \"c\", \"d\": {}}, \"e\": []}"},
        {"[d: {u: 3}, e: {}]", "[{\"d\": {\"u\": 3}}, {\"e\": {}}]"},
        {"- flatten\n- - a\n  - b: 1\n-\n", "[\"flatten\", [\"a\", {\"b\": 1}], \"\"]"},
        {"a: 1e-5\nb: '1'\nc: true\nd: yes\ne: 3x5\nf: null\n",
         "{\"a\": 1.0e-05, \"b\": \"1\", \"c\": true, \"d\": \"yes\", \"e\": \"3x5\", \"f\": "
         "null}"},
        {"a: .5\nb: +7\nc: 0x1f\nd: 1e999\ne: .inf\nf: 99999999999999999999\n",
         "{\"a\": 0.5, \"b\": 7, \"c\": 31, \"d\": \"1e999\", \"e\": \".inf\", \"f\": 1.0e+20}"},
        {"a: |\n  x\n  y\nb: \"\\x01\\\"\"\n", "{\"a\": \"x\\ny\\n\", \"b\": \"\\u0001\\\"\"}"},
        {"%YAML 1.2\n---\na: 1\n...\n", "{\"a\": 1}"},
        {"\xef\xbb\xbf"
         "a: \xc3\xa9\n",
         "{\"a\": \"\xc3\xa9\"}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        CU_ASSERT_STRING_EQUAL(as_json(&f, cases[i].yaml), cases[i].json);
    end(&f);
}

static void nodes_know_their_places(void)
{
    fixture f = begin();
    CU_ASSERT_EQUAL_FATAL(parse(&f, "# c\ndata:\n  train: a.h5\n  list: [1,\n    two]\n"), GY_OK);
    const gy_node *data = gy_node_find(f.tree, "data");
    const gy_node *train = gy_node_find(data, "train");
    const gy_node *two = gy_node_find(data, "list")->first->next;
    CU_ASSERT_STRING_EQUAL(train->text, "a.h5");
    CU_ASSERT_STRING_EQUAL(train->file, "m.yaml");
    CU_ASSERT_TRUE(data->key_line == 2 && data->key_column == 1);
    CU_ASSERT_TRUE(train->key_line == 3 && train->key_column == 3);
    CU_ASSERT_TRUE(train->line == 3 && train->column == 10);
    CU_ASSERT_TRUE(two->line == 5 && two->column == 5);
    CU_ASSERT_EQUAL(data->n, 2);
    CU_ASSERT_PTR_NULL(gy_node_find(data, "tests"));
    CU_ASSERT_PTR_NULL(gy_node_find(train, "x"));
    end(&f);
}

static void what_is_not_plain_yaml_is_refused(void)
{
    fixture f = begin();
    static const struct {
        const char *yaml, *error;
    } cases[] = {
        {"a: &x 1\n", "not valid YAML (m.yaml:1:4): it has an anchor; "
                      "write the value out where it is used"},
        {"a: *x\n", "not valid YAML (m.yaml:1:4): it has an alias; "
                    "write the value out where it is used"},
        {"&x a: 1\n", "not valid YAML (m.yaml:1:1): it has an anchor; "
                      "write the value out where it is used"},
        {"b: 1\na: !!int 1\n", "not valid YAML (m.yaml:2:4): it has a tag; leave the tag out"},
        {"a: !x {}\n", "not valid YAML (m.yaml:1:4): it has a tag; leave the tag out"},
        {"a: 1\nb: 2\n a: 3\n", NULL},
        {"a: 1\nb: 2\na: 3\n", "key 'a' stands twice (m.yaml:3:1): it was already given in line 1; "
                               "remove one of them"},
        {"{a: 1, 'a': 2}", "key 'a' stands twice (m.yaml:1:8): it was already given in line 1; "
                           "remove one of them"},
        {"a: 1\n---\nb: 1\n", "not valid YAML (m.yaml:2:1): a second document begins; "
                              "put it in a file of its own"},
        {"[1]: 2\n",
         "not valid YAML (m.yaml:1:1): a key must be a word; check the brackets and dashes"},
        {"a: \"\\0\"\n", "not valid YAML (m.yaml:1:4): it has a NUL character; leave it out"},
        {"a: 1\nb: \xff\n", "not valid YAML (m.yaml:2:4): it is not UTF-8; save the file as UTF-8"},
        {"a: 1\nb: \x07\n", "not valid YAML (m.yaml:2:4): control characters are not allowed; "
                            "check the indentation and brackets there and above"},
        {"a: [1, 2\n", "not valid YAML (m.yaml:2:1): did not find expected ',' or ']'; "
                       "check the indentation and brackets there and above"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CU_ASSERT_EQUAL(parse(&f, cases[i].yaml), GY_E_CONFIG);
        if (cases[i].error != NULL) CU_ASSERT_STRING_EQUAL(gy_error_last()->text, cases[i].error);
    }
    CU_ASSERT_EQUAL(gy_yaml_parse(&f.pool, "m.yaml", "a: 1\n\0", 6, &f.tree), GY_E_CONFIG);
    CU_ASSERT_STRING_EQUAL(
        gy_error_last()->text,
        "not valid YAML (m.yaml:2:1): it has a NUL byte; check that this is a text file");
    end(&f);
}

static void depth_and_files_are_bounded(void)
{
    fixture f = begin();
    char brackets[2 * (GY_TREE_DEPTH + 1) + 1] = {0};
    memset(brackets, '[', GY_TREE_DEPTH);
    memset(brackets + GY_TREE_DEPTH, ']', GY_TREE_DEPTH);
    CU_ASSERT_EQUAL(parse(&f, brackets), GY_OK);
    memset(brackets, '[', GY_TREE_DEPTH + 1);
    memset(brackets + GY_TREE_DEPTH + 1, ']', GY_TREE_DEPTH + 1);
    CU_ASSERT_EQUAL(parse(&f, brackets), GY_E_CONFIG);
    CU_ASSERT_EQUAL(gy_yaml_read(&f.pool, "no/such.yaml", &f.tree), GY_E_CONFIG);
    CU_ASSERT_STRING_EQUAL(gy_error_last()->text, "cannot read the configuration (no/such.yaml): "
                                                  "No such file or directory; check the path");
    CU_ASSERT_EQUAL(gy_yaml_read(&f.pool, "/", &f.tree), GY_E_CONFIG);
    end(&f);
}

static void json_is_read_and_written(void)
{
    fixture f = begin();
    const char *text = "{\"a\": [1, 2.5, true, null, \"x\\ny\"], \"b\": {\"c\": \"1\"}}";
    CU_ASSERT_EQUAL_FATAL(gy_json_parse(&f.pool, "a.json", text, strlen(text), &f.tree), GY_OK);
    gy_json_print(f.tree, &f.json);
    CU_ASSERT_STRING_EQUAL(gy_buffer_text(&f.json), text);
    static const char *const wrong[] = {
        "", "{", "{\"a\": 1, \"a\": 2}", "[1,]", "nul", "\"\\u0000\"", "[1] 2", "\"\xff\""};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        CU_ASSERT_EQUAL(gy_json_parse(&f.pool, "a.json", wrong[i], strlen(wrong[i]), &f.tree),
                        GY_E_DATA);
    char deep[200];
    memset(deep, '[', 100);
    memset(deep + 100, ']', 100);
    CU_ASSERT_EQUAL(gy_json_parse(&f.pool, "a.json", deep, sizeof deep, &f.tree), GY_E_DATA);
    end(&f);
}

static void json_is_written_piece_by_piece(void)
{
    fixture f = begin();
    for (int i = 0; i < 2; i++) {
        gy_json_begin(&f.json, NULL, '{');
        gy_json_string(&f.json, "event", "a\"\x80");
        gy_json_int(&f.json, "step", -3);
        gy_json_begin(&f.json, "list", '[');
        gy_json_float(&f.json, NULL, 0.1);
        gy_json_float(&f.json, NULL, NAN);
        gy_json_float(&f.json, NULL, -INFINITY);
        gy_json_begin(&f.json, NULL, '{');
        gy_json_end(&f.json, '}');
        gy_json_end(&f.json, ']');
        gy_json_bool(&f.json, "last", true);
        gy_json_end(&f.json, '}');
        gy_buffer_add(&f.json, "\n");
    }
#define LINE                                                                                       \
    "{\"event\": \"a\\\"\xef\xbf\xbd\", \"step\": -3, \"list\": [0.1, \"nan\", \"-inf\", {}], "    \
    "\"last\": true}\n"
    CU_ASSERT_STRING_EQUAL(gy_buffer_text(&f.json), LINE LINE);
    end(&f);
}

static void characters_are_told_from_bytes(void)
{
    static const struct {
        const char *text;
        int length;
    } cases[] = {
        {"a", 1},        {"\xc3\xa9", 2},     {"\xe2\x82\xac", 3}, {"\xf0\x9f\x8e\x88", 4},
        {"\xc0\x80", 0}, {"\xe0\x80\x80", 0}, {"\xed\xa0\x80", 0}, {"\xf4\x90\x80\x80", 0},
        {"\xff", 0},     {"\xe2\x82", 0},     {"\x80", 0},         {"\xf0\x8f\xbf\xbf", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        CU_ASSERT_EQUAL(gy_utf8_length(cases[i].text, strlen(cases[i].text)), cases[i].length);
    CU_ASSERT(gy_utf8_may_go_on("\xc3", 1));
    CU_ASSERT(gy_utf8_may_go_on("\xe0", 1));
    CU_ASSERT(gy_utf8_may_go_on("\xe6\x9d", 2));
    CU_ASSERT(gy_utf8_may_go_on("\xf4\x8f\xbf", 3));
    CU_ASSERT(!gy_utf8_may_go_on("a", 1));
    CU_ASSERT(!gy_utf8_may_go_on("\xc3\xa9", 2));
    CU_ASSERT(!gy_utf8_may_go_on("\xe0\x80", 2));
    CU_ASSERT(!gy_utf8_may_go_on("\xff", 1));
    CU_ASSERT(!gy_utf8_may_go_on("\xf4\x90", 2));
    CU_ASSERT_EQUAL(gy_utf8_valid("a\xc3\xa9\xff"
                                  "b",
                                  5),
                    3);
}

static void memory_may_run_out(void)
{
    const char *yaml = "a: {b: [1, 2, 3], c: \"x\"}\nd: e\n";
    for (int64_t k = 1;; k++) {
        gy_context *ctx = gy_test_context();
        gy_pool pool;
        gy_pool_init(&pool, ctx);
        gy_node *tree;
        gy_alloc_fail_at(ctx, k);
        gy_status status = gy_yaml_parse(&pool, "m.yaml", yaml, strlen(yaml), &tree);
        gy_alloc_fail_at(ctx, 0);
        gy_pool_clear(&pool);
        gy_test_end(ctx);
        if (status == GY_OK) break;
        CU_ASSERT_EQUAL_FATAL(status, GY_E_NOMEM);
        CU_ASSERT_FATAL(k < 100);
    }
}

GY_TEST_MAIN(GY_TEST(yaml_becomes_a_tree), GY_TEST(nodes_know_their_places),
             GY_TEST(what_is_not_plain_yaml_is_refused), GY_TEST(depth_and_files_are_bounded),
             GY_TEST(json_is_read_and_written), GY_TEST(json_is_written_piece_by_piece),
             GY_TEST(characters_are_told_from_bytes), GY_TEST(memory_may_run_out))
