/*
 * Views: axes of ours with their strides in theirs.
 *
 *     ours            theirs                         strides of ours there
 *     [o, i]          [out, in]                      i's length, 1
 *                     [in, out]                      1, o's length
 *     [o, k…, i]      [out, in, k…]                  in·K, as k lie, K
 *                     [k…, in, out]                  1, as k lie · in·out, out
 *
 * An axis whose elements are an image [H, W, C] made flat is three axes, which lie as [C, H, W] where
 * channels come first.
 */
#include "view.h"

#include <string.h>

/* Appends an axis; one that is the flat form of `of` as that one's axes, channels first. */
static void add_axis(gy_tensor_view *v, int64_t length, int64_t stride, const gy_shape *of)
{
    if (of->n < 2 || gy_shape_count(of) != length) {
        v->d[v->n] = length;
        v->stride[v->n++] = stride;
        return;
    }
    int64_t step = stride;
    int first = v->n;
    v->n += of->n;
    for (int i = of->n - 2; i >= 0; i--) {
        v->d[first + i] = of->d[i];
        v->stride[first + i] = step;
        step *= of->d[i];
    }
    v->d[v->n - 1] = of->d[of->n - 1];
    v->stride[v->n - 1] = step;
    v->how = "a flat image, channel by channel there";
}

static void make_vector(const gy_tensor_view_spec *s, gy_tensor_view *v, gy_shape *theirs)
{
    v->start = s->before;
    add_axis(v, s->shape.d[0], 1, &s->out);
    *theirs = (gy_shape){1, {s->total}};
}

static void make_matrix(const gy_tensor_view_spec *s, gy_tensor_view *v, gy_shape *theirs)
{
    const int64_t out = s->shape.d[0], in = s->shape.d[1];
    bool turned = s->layout == GY_LAYOUT_IN_OUT;
    if (turned) v->how = "turned: [in, out] there";
    v->start = turned ? s->before : s->before * in;
    add_axis(v, out, turned ? 1 : in, &s->out);
    add_axis(v, in, turned ? s->total : 1, &s->in);
    *theirs = (gy_shape){2, {s->total, in}};
    if (turned) *theirs = (gy_shape){2, {in, s->total}};
}

/* Theirs is [out, in, k…] or [k…, in, out], of a transposed convolution with in and out exchanged. */
static void make_kernel(const gy_tensor_view_spec *s, gy_tensor_view *v, gy_shape *theirs)
{
    const gy_shape *w = &s->shape;
    const int axes = w->n - 2;
    const int64_t in = w->d[w->n - 1];
    bool last = s->layout == GY_LAYOUT_IN_OUT, out_outside = last == s->transposed;
    int64_t places = 1;
    for (int i = 0; i < axes; i++) places *= w->d[1 + i];
    const int64_t inner = last ? 1 : places, outer = inner * (out_outside ? in : s->total);
    v->n = w->n;
    memcpy(v->d, w->d, (size_t)w->n * sizeof *w->d);
    v->stride[0] = out_outside ? outer : inner;
    v->stride[w->n - 1] = out_outside ? inner : outer;
    v->start = s->before * v->stride[0];
    int64_t step = last ? in * s->total : 1;
    for (int i = axes; i >= 1; i--) {
        v->stride[i] = step;
        step *= w->d[i];
    }
    v->how = last ? "channels last there, inputs first" : "channels first there";
    theirs->n = w->n;
    for (int i = 0; i < axes; i++) theirs->d[last ? i : i + 2] = w->d[1 + i];
    theirs->d[last ? axes : 0] = out_outside ? s->total : in;
    theirs->d[last ? axes + 1 : 1] = out_outside ? in : s->total;
}

static void make_same(const gy_tensor_view_spec *s, gy_tensor_view *v, gy_shape *theirs)
{
    int64_t row = gy_shape_count(&s->shape);
    if (s->shape.n > 0) row /= s->shape.d[0];
    v->start = s->before * row;
    v->n = 1;
    v->d[0] = gy_shape_count(&s->shape);
    v->stride[0] = 1;
    *theirs = s->shape;
    if (theirs->n > 0) theirs->d[0] = s->total;
}

void gy_tensor_view_make(const gy_tensor_view_spec *s, gy_tensor_view *view, gy_shape *theirs)
{
    bool turns = s->role != GY_ROLE_EMBEDDING && !s->is_buffer;
    *view = (gy_tensor_view){.how = ""};
    *theirs = (gy_shape){0};
    if (s->layout == GY_LAYOUT_OURS)
        make_same(s, view, theirs);
    else if (s->shape.n == 1)
        make_vector(s, view, theirs);
    else if (s->role == GY_ROLE_KERNEL && s->shape.n > 2)
        make_kernel(s, view, theirs);
    else if (turns && s->shape.n == 2)
        make_matrix(s, view, theirs);
    else
        make_same(s, view, theirs);
}

/* Walks over all elements: ours is the next one, theirs where `at` is. */
typedef struct walk {
    const gy_tensor_view *v;
    int64_t i[GY_VIEW_AXES], at, left;
} walk;

static walk begin(const gy_tensor_view *v)
{
    walk w = {.v = v, .at = v->start, .left = 1};
    for (int i = 0; i < v->n; i++) w.left *= v->d[i];
    return w;
}

static void go_on(walk *w)
{
    const gy_tensor_view *v = w->v;
    w->left--;
    for (int i = v->n - 1; i >= 0; i--) {
        w->at += v->stride[i];
        if (++w->i[i] < v->d[i]) return;
        w->at -= v->stride[i] * v->d[i];
        w->i[i] = 0;
    }
}

void gy_tensor_view_read(const gy_tensor_view *v, const float *theirs, bool add, float *ours)
{
    for (walk w = begin(v); w.left > 0; go_on(&w), ours++)
        *ours = add ? *ours + theirs[w.at] : theirs[w.at];
}

void gy_tensor_view_write(const gy_tensor_view *v, const float *ours, float *theirs)
{
    for (walk w = begin(v); w.left > 0; go_on(&w), ours++) theirs[w.at] = *ours;
}
