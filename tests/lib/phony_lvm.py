"""LVM2 physical volumes of nothing but their own text: label, header, one area of metadata."""
import struct
import zlib

MIB = 1 << 20
EXTENT = 4 * MIB


def crc(data):
    return zlib.crc32(data, 0xf597a6cf ^ 0xffffffff) ^ 0xffffffff


def identity(text):
    """What LVM has for a UUID, made of a few letters."""
    return ("".join(c for c in text if c.isalnum()) * 32)[:32]


def dashed(raw):
    cuts = (6, 10, 14, 18, 22, 26, 32)
    return "-".join(raw[a:b] for a, b in zip((0,) + cuts, cuts))


def group_text(group, volumes, logical, thin=False):
    """volumes: {name: (id, bytes)}; logical: {name: (volume, first extent, extents)}."""
    lines = ["%s {" % group, 'id = "%s"' % dashed(identity("g" + group)), "seqno = 1", 'format = "lvm2"',
             'status = ["READ", "WRITE"]', "flags = []", "extent_size = %d" % (EXTENT // 512),
             "max_lv = 0", "max_pv = 0", "metadata_copies = 0", "physical_volumes {"]
    for name, (own, size) in volumes.items():
        lines += ["%s {" % name, 'id = "%s"' % dashed(own), 'device = "/dev/sda9"', 'status = ["ALLOCATABLE"]',
                  "flags = []", "dev_size = %d" % (size // 512), "pe_start = 2048",
                  "pe_count = %d" % ((size - MIB) // EXTENT), "}"]
    lines += ["}", "logical_volumes {"]
    for number, (name, (volume, first, extents)) in enumerate(logical.items()):
        lines += ["%s {" % name, 'id = "%s"' % dashed(identity("l%d" % number)), 'status = ["READ", "WRITE", "VISIBLE"]',
                  "flags = []", 'creation_host = "lab"', "creation_time = 1", "segment_count = 1", "segment1 {",
                  "start_extent = 0", "extent_count = %d" % extents, 'type = "%s"' % ("thin-pool" if thin else "striped"),
                  "stripe_count = 1", 'stripes = ["%s", %d]' % (volume, first), "}", "}"]
    lines += ["}", "}", 'contents = "Text Format Volume Group"', "version = 1", 'description = ""',
              'creation_host = "lab"\t# this one', "creation_time = 1", ""]
    return "\n".join(lines)


def volume_head(own, size, text):
    """The first MiB of a volume."""
    head = bytearray(MIB)
    header = own.encode() + struct.pack("<Q", size)
    header += struct.pack("<QQQQ", MIB, 0, 0, 0) + struct.pack("<QQQQ", 4096, MIB - 4096, 0, 0)
    sector = bytearray(512)
    sector[0:8] = b"LABELONE"
    struct.pack_into("<QII", sector, 8, 1, 0, 32)
    sector[24:32] = b"LVM2 001"
    sector[32:32 + len(header)] = header
    struct.pack_into("<I", sector, 16, crc(bytes(sector[20:])))
    head[512:1024] = sector
    data = text.encode() + b"\0"
    area = bytearray(512)
    area[4:20] = b" LVM2 x[5A%r0N*>"
    struct.pack_into("<IQQ", area, 20, 1, 4096, MIB - 4096)
    struct.pack_into("<QQII", area, 40, 512, len(data), crc(data), 0)
    struct.pack_into("<I", area, 0, crc(bytes(area[4:])))
    head[4096:4608] = area
    head[4608:4608 + len(data)] = data
    return bytes(head)
