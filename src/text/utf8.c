/* UTF-8, by the table of well-formed sequences in RFC 3629, section 4. */
#include "utf8.h"

#include <string.h>

int gy_utf8_length(const char *text, size_t n)
{
    const unsigned char *s = (const unsigned char *)text;
    if (s[0] < 0x80) return 1;
    int length = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
    if (s[0] < 0xc2 || s[0] > 0xf4 || (size_t)length > n) return 0;
    for (int i = 1; i < length; i++)
        if ((s[i] & 0xc0) != 0x80) return 0;
    if (s[0] == 0xe0 && s[1] < 0xa0) return 0; /* overlong */
    if (s[0] == 0xed && s[1] > 0x9f) return 0; /* surrogates */
    if (s[0] == 0xf0 && s[1] < 0x90) return 0; /* overlong */
    if (s[0] == 0xf4 && s[1] > 0x8f) return 0; /* beyond U+10FFFF */
    return length;
}

size_t gy_utf8_valid(const char *text, size_t n)
{
    size_t at = 0;
    while (at < n) {
        int length = gy_utf8_length(text + at, n - at);
        if (length == 0) break;
        at += (size_t)length;
    }
    return at;
}

bool gy_utf8_may_go_on(const char *text, size_t n)
{
    char whole[4];
    if (n >= sizeof whole || gy_utf8_length(text, n) > 0) return false;
    /* any end must fit; 0x80, 0x90, 0xa0 and 0xbf try each range that a second byte may have */
    static const char ends[] = "\x80\x90\xa0\xbf";
    for (const char *end = ends; *end != '\0'; end++) {
        memset(whole, *end, sizeof whole);
        memcpy(whole, text, n);
        if ((size_t)gy_utf8_length(whole, sizeof whole) > n) return true;
    }
    return false;
}
