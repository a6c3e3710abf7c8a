/* Texts that give a terminal no orders. */
#include "plain.h"

#include <string.h>

size_t gy_plain_length(const char *text, size_t n, bool lines)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        bool c1 = c == 0xc2 && i + 1 < n && ((unsigned char)text[i + 1] & 0xe0) == 0x80;
        if (c1 || c == 127 || (c < ' ' && !(lines && (c == '\n' || c == '\t')))) return i;
    }
    return n;
}

void gy_text_tame(char *text)
{
    size_t n = strlen(text);
    for (size_t i = gy_plain_length(text, n, false); i < n;
         i += gy_plain_length(text + i, n - i, false)) {
        if ((unsigned char)text[i] == 0xc2) text[i++] = '?';
        text[i++] = '?';
    }
}
