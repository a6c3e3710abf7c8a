/*
 * What a cell says. A cell that reads as a number once it is spelled as one (minus sign, exponent,
 * comma, percent) was meant as a number: to take it for a text would be to misread its column.
 */
#include "cell.h"

#include "base/number.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { LONGEST = 64 }; /* of what is meant as a number */

/* The words that pandas takes for nothing; `none` last, which is a name among texts. */
static const char *const words[] = {"",     "?",      "na",       "n/a",  "nan",
                                    "null", "#n/a",   "#n/a n/a", "#na",  "<na>",
                                    "-nan", "1.#ind", "-1.#ind",  "none", NULL};

static bool is_word(const gy_cell_rule *rule, const char *cell, bool number)
{
    for (int i = 0; i < rule->missing.n; i++)
        if (strcmp(rule->missing.v[i], cell) == 0) return true;
    for (size_t i = 0; words[i] != NULL; i++)
        if ((number || words[i + 1] != NULL) && strcasecmp(words[i], cell) == 0) return true;
    return false;
}

bool gy_cell_is_nothing(const gy_cell_rule *rule, const char *cell)
{
    return is_word(rule, cell, false);
}

/* The cell with its decimal comma as a point; false where it is no number so. */
static bool read_number(const gy_cell_rule *rule, const char *cell, double *out)
{
    char plain[LONGEST];
    if (rule->decimal == GY_DECIMAL_POINT) return gy_number_float(cell, out);
    if (strlen(cell) >= LONGEST || strchr(cell, '.') != NULL) return false;
    strcpy(plain, cell);
    char *comma = strchr(plain, ',');
    if (comma != NULL) *comma = '.';
    return gy_number_float(plain, out);
}

/* -9999 is -9999.0 too. */
static bool stands_for_nothing(const gy_cell_rule *rule, double number)
{
    double v;
    for (int i = 0; i < rule->missing.n; i++)
        if (read_number(rule, rule->missing.v[i], &v) && v == number) return true;
    return false;
}

typedef struct spelling {
    char text[LONGEST];
    size_t n;
    const char *fault; /* the first */
} spelling;

static void put(spelling *s, char c, const char *fault)
{
    if (c != '\0') s->text[s->n++] = c;
    if (fault != NULL && s->fault == NULL) s->fault = fault;
}

/* Spells a cell as C does. @return whether it is a number then, or means one that is not finite */
static bool spell(const char *cell, spelling *s)
{
    *s = (spelling){.n = 0};
    if (strlen(cell) >= LONGEST) return false;
    for (const char *p = cell; *p != '\0'; p++) {
        bool after_digit = p > cell && isdigit((unsigned char)p[-1]);
        if (strncmp(p, "\xe2\x88\x92", 3) == 0) {
            put(s, '-', "has a minus sign that is not '-'");
            p += 2;
        } else if (*p == '%' && p[1] == '\0' && p > cell) {
            put(s, '\0', "is a percentage");
        } else if ((*p == 'd' || *p == 'D') && after_digit) {
            put(s, 'e', "has an exponent with 'D'");
        } else if (*p == ',' && isdigit((unsigned char)p[1])) {
            put(s, '\0', "has a comma");
        } else {
            put(s, *p, NULL);
        }
    }
    const char *start = s->text + (s->text[0] == '-' || s->text[0] == '+');
    char *end;
    if (*start != 'i' && *start != 'I' && *start != '.' && !isdigit((unsigned char)*start))
        return false;
    double v = strtod(s->text, &end);
    if (end == s->text || *end != '\0' || start[*start == '0'] == 'x') return false;
    if (!isfinite((float)v))
        put(s, '\0', isdigit((unsigned char)*start) ? "is too large" : "is not finite");
    return true;
}

gy_cell_kind gy_cell_read(const gy_cell_rule *rule, const char *cell, double *number)
{
    double v;
    spelling s;
    if (is_word(rule, cell, true)) return GY_CELL_MISSING;
    if (read_number(rule, cell, &v) && isfinite((float)v)) {
        if (stands_for_nothing(rule, v)) return GY_CELL_MISSING;
        *number = v;
        return GY_CELL_NUMBER;
    }
    return spell(cell, &s) ? GY_CELL_ALMOST : GY_CELL_TEXT;
}

const char *gy_cell_fault(const gy_cell_rule *rule, const char *cell)
{
    spelling s;
    if (!spell(cell, &s)) return "is no number";
    if (s.fault != NULL) return s.fault;
    return rule->decimal == GY_DECIMAL_COMMA ? "has a decimal point" : "is no number";
}
