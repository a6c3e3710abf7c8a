/* Events: fields by name, and the one line of JSON that metrics.jsonl holds. */
#include "gy_test.h"

#include "base/buffer.h"
#include "event/event.h"

#include <math.h>
#include <string.h>

static void fields_are_found(void)
{
    gy_report r;
    gy_report_begin(&r, "step");
    gy_report_int(&r, "ranks", 3);
    gy_report_float(&r, "loss", 0.25);
    gy_report_text(&r, "path", "a/b");
    gy_report_text(&r, "none", NULL);
    gy_report_bool(&r, "early", true);
    CU_ASSERT_EQUAL(r.event.n, 4);
    CU_ASSERT_EQUAL(gy_event_number(&r.event, "early", 0), 1.0);
    CU_ASSERT_EQUAL(gy_event_number(&r.event, "ranks", -1), 3.0);
    CU_ASSERT_EQUAL(gy_event_number(&r.event, "loss", -1), 0.25);
    CU_ASSERT_EQUAL(gy_event_number(&r.event, "los", -1), -1.0);
    CU_ASSERT_STRING_EQUAL(gy_event_text(&r.event, "path", ""), "a/b");
    CU_ASSERT_STRING_EQUAL(gy_event_text(&r.event, "loss", "no text"), "no text");
    CU_ASSERT_PTR_NULL(gy_event_field(&r.event, "none"));
}

static void too_many_fields_do_no_harm(void)
{
    gy_report r;
    gy_report_begin(&r, "step");
    for (int i = 0; i < 3 * GY_EVENT_FIELDS; i++) gy_report_int(&r, "n", i);
    CU_ASSERT_EQUAL(r.event.n, GY_EVENT_FIELDS);
}

static void take(void *user, const char *json)
{
    (void)strncpy(user, json, 1023);
}

static void a_line_of_json(void)
{
    gy_context *ctx = gy_test_context();
    const int64_t samples[] = {4, 1};
    char json[1024] = "";
    gy_report r;
    gy_report_begin(&r, "step");
    r.event.step = 7;
    r.event.epoch = 2;
    r.event.time = 1.23456;
    gy_report_float(&r, "loss", NAN);
    gy_report_phase(&r, "input", 0.12345, 1, 2);
    gy_report_phase(&r, "update", 0, 0, 0);
    gy_report_bool(&r, "best", true);
    gy_report_ints(&r, "samples", samples, 2);
    gy_report_text(&r, "path", "a \"b\"\n");
    CU_ASSERT_EQUAL(gy_event_json(ctx, &r.event, take, json), GY_OK);
    CU_ASSERT_STRING_EQUAL(
        json,
        "{\"event\": \"step\", \"step\": 7, \"epoch\": 2, \"time\": 1.235, \"loss\": \"nan\", "
        "\"phases\": {\"input\": {\"min\": 0.123, \"mean\": 1.0, \"max\": 2.0}, "
        "\"update\": {\"min\": 0.0, \"mean\": 0.0, \"max\": 0.0}}, \"best\": true, "
        "\"samples\": [4, 1], \"path\": \"a \\\"b\\\"\\n\"}");
    gy_test_end(ctx);
}

GY_TEST_MAIN(GY_TEST(fields_are_found), GY_TEST(too_many_fields_do_no_harm),
             GY_TEST(a_line_of_json))
