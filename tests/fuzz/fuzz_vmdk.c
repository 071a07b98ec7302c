/* VMDK files of any bytes. */
#include "tests/fuzz/fuzz_disk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_open(data, size, "vmdk");
    return 0;
}
