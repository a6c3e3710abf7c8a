/* ONNX: any bytes are named tensors or an error. */
#include "fuzz_exchange.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    return fuzz_exchange(bytes, n, ".onnx");
}
