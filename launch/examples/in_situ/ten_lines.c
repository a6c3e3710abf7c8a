/* The least there is: a trained network, applied to one sample. ten_lines RUN x1 x2 x3 */
#include <gyre/network.h>
#include <stdio.h>
#include <stdlib.h>

int main(int n, char **argv)
{
    gy_context *ctx;
    gy_network *net;
    float x[3], y[1];
    for (int i = 0; i < 3 && i + 2 < n; i++) x[i] = strtof(argv[i + 2], NULL);
    if (n < 5 || gy_context_create(NULL, NULL, &ctx) != GY_OK) return 2;
    if (gy_network_open(ctx, NULL, argv[1], NULL, &net) == GY_OK &&
        gy_network_apply(net, NULL, 1, x, y) == GY_OK)
        return printf("%g\n", y[0]) < 0;
    fprintf(stderr, "ten_lines: %s\n", gy_error_last()->text);
    return 1;
}
