/* crc32.h - the checksum of the model file's head. */
#ifndef DM_CRC32_H
#define DM_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* CRC-32 of IEEE 802.3, as in zip and PNG: "123456789" gives 0xCBF43926. */
uint32_t crc32_ieee(const void *bytes, size_t size);

#endif
