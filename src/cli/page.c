/* Text as wide as the terminal it is shown on. */
#include "page.h"

#include "base/plain.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

int gy_page_columns(FILE *out)
{
    struct winsize size = {.ws_col = 0};
    const char *columns = getenv("COLUMNS");
    if (isatty(fileno(out)) && ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    long said = columns != NULL ? strtol(columns, NULL, 10) : 0;
    return said >= 20 && said <= 1000 ? (int)said : 0;
}

void gy_page_write(FILE *out, const char *text, size_t n, bool lines)
{
    while (n > 0) {
        size_t plain = gy_plain_length(text, n, lines);
        size_t odd = plain == n ? 0 : (unsigned char)text[plain] == 0xc2 ? 2 : 1;
        (void)fwrite(text, 1, plain, out);
        if (odd > 0) (void)fputc('?', out);
        text += plain + odd;
        n -= plain + odd;
    }
}

static int is_continuation(char c)
{
    return ((unsigned char)c & 0xC0) == 0x80;
}

int gy_page_length(const char *text)
{
    int n = 0;
    for (; *text != '\0'; text++) n += !is_continuation(*text);
    return n;
}

/* Bytes of `line` that fit in `room` characters, up to the last blank there; a word that is longer
 * stays whole. */
static size_t fitting(const char *line, int room)
{
    size_t blank = 0, i = 0;
    for (int n = 0; line[i] != '\0'; i++) {
        if (line[i] == ' ' && i > 0 && line[i - 1] != ' ') blank = i;
        n += !is_continuation(line[i]);
        if (n > room && blank > 0) return blank;
    }
    return i;
}

/* Where the words begin that follow "  name   ": characters from the start; 0: nowhere. */
static int find_words(const char *line)
{
    size_t margin = strspn(line, " ");
    const char *gap = strstr(line + margin, "  ");
    if (gap == NULL) return 0;
    char name[64];
    size_t bytes = (size_t)(gap - line);
    if (bytes >= sizeof name) return 0;
    memcpy(name, line, bytes);
    name[bytes] = '\0';
    return gy_page_length(name) + (int)strspn(gap, " ");
}

void gy_page_print(FILE *out, int columns, const char *line)
{
    enum { FURTHER = 4 };
    int margin = (int)strspn(line, " "), words = find_words(line), before = margin;
    int hanging = words > 0 && words <= columns / 2 ? words : margin + FURTHER;
    line += margin;
    do {
        size_t n = fitting(line, columns - before);
        (void)fprintf(out, "%*s%.*s\n", before, "", (int)n, line);
        line += n;
        line += strspn(line, " ");
        before = hanging;
    } while (*line != '\0');
}

void gy_page_say(FILE *out, const char *format, ...)
{
    char text[1024];
    int columns = gy_page_columns(out);
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (columns > 0)
        gy_page_print(out, columns, text);
    else
        (void)fprintf(out, "%s\n", text);
}
