/** What marks the public functions of libgyre. */
#ifndef GYRE_API_H
#define GYRE_API_H

#if defined(__GNUC__)
#define GY_API __attribute__((visibility("default")))
#define GY_FORMAT(text, first) __attribute__((format(printf, text, first)))
#define GY_CHECKED __attribute__((warn_unused_result))
#else
#define GY_API
#define GY_FORMAT(text, first)
#define GY_CHECKED
#endif

#endif
