#include "model/crc32.h"

/* One bit at a time: heads are some ten kilobytes, which a table would not make noticeably faster. */
uint32_t crc32_ieee(const void *bytes, size_t size)
{
    const uint8_t *p = bytes;
    uint32_t crc = 0xFFFFFFFFu;
    for (size_t i = 0; i < size; i++) {
        crc ^= p[i];
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (0xEDB88320u & (0u - (crc & 1u)));
    }
    return ~crc;
}
