/* The envelope of a machine with one disk on an LSI Logic controller. */
#include "formats/ova/ovf.h"

/*
 * Version 1 of the envelope, hardware version 10: ESXi 5.5 and later, Workstation, VirtualBox and VM Import take it. In
 * an Item the elements stand in the order of their schema, by name.
 */

static int write_front(const struct ovf_machine *m, struct sw_buf *out, struct sw_err *err)
{
    return sw_buf_printf(
        out, err,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<Envelope xmlns=\"http://schemas.dmtf.org/ovf/envelope/1\""
        " xmlns:ovf=\"http://schemas.dmtf.org/ovf/envelope/1\""
        " xmlns:rasd=\"http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData\""
        " xmlns:vssd=\"http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData\""
        " xmlns:vmw=\"http://www.vmware.com/schema/ovf\">\n"
        "  <References>\n"
        "    <File ovf:href=\"%s-disk1.vmdk\" ovf:id=\"file1\" ovf:size=\"%llu\"/>\n"
        "  </References>\n"
        "  <DiskSection>\n"
        "    <Info>Virtual disks</Info>\n"
        "    <Disk ovf:capacity=\"%llu\" ovf:capacityAllocationUnits=\"byte\" ovf:diskId=\"vmdisk1\""
        " ovf:fileRef=\"file1\""
        " ovf:format=\"http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized\""
        " ovf:populatedSize=\"%llu\"/>\n"
        "  </DiskSection>\n",
        m->name, (unsigned long long)m->file_bytes, (unsigned long long)m->capacity_bytes,
        (unsigned long long)m->populated_bytes);
}

static int write_system(const struct ovf_machine *m, struct sw_buf *out, struct sw_err *err)
{
    return sw_buf_printf(out, err,
                         "  <VirtualSystem ovf:id=\"%s\">\n"
                         "    <Info>A virtual machine</Info>\n"
                         "    <Name>%s</Name>\n"
                         "    <OperatingSystemSection ovf:id=\"102\" vmw:osType=\"otherLinux64Guest\">\n"
                         "      <Info>The installed operating system</Info>\n"
                         "    </OperatingSystemSection>\n"
                         "    <VirtualHardwareSection>\n"
                         "      <Info>Virtual hardware</Info>\n"
                         "      <System>\n"
                         "        <vssd:ElementName>Virtual Hardware Family</vssd:ElementName>\n"
                         "        <vssd:InstanceID>0</vssd:InstanceID>\n"
                         "        <vssd:VirtualSystemIdentifier>%s</vssd:VirtualSystemIdentifier>\n"
                         "        <vssd:VirtualSystemType>vmx-10</vssd:VirtualSystemType>\n"
                         "      </System>\n",
                         m->name, m->name, m->name);
}

static int write_processors(const struct ovf_machine *m, struct sw_buf *out, struct sw_err *err)
{
    return sw_buf_printf(out, err,
                         "      <Item>\n"
                         "        <rasd:AllocationUnits>hertz * 10^6</rasd:AllocationUnits>\n"
                         "        <rasd:Description>Number of virtual CPUs</rasd:Description>\n"
                         "        <rasd:ElementName>%u virtual CPU(s)</rasd:ElementName>\n"
                         "        <rasd:InstanceID>1</rasd:InstanceID>\n"
                         "        <rasd:ResourceType>3</rasd:ResourceType>\n"
                         "        <rasd:VirtualQuantity>%u</rasd:VirtualQuantity>\n"
                         "      </Item>\n"
                         "      <Item>\n"
                         "        <rasd:AllocationUnits>byte * 2^20</rasd:AllocationUnits>\n"
                         "        <rasd:Description>Memory size</rasd:Description>\n"
                         "        <rasd:ElementName>%llu MiB of memory</rasd:ElementName>\n"
                         "        <rasd:InstanceID>2</rasd:InstanceID>\n"
                         "        <rasd:ResourceType>4</rasd:ResourceType>\n"
                         "        <rasd:VirtualQuantity>%llu</rasd:VirtualQuantity>\n"
                         "      </Item>\n",
                         m->cpus, m->cpus, (unsigned long long)m->memory_mib,
                         (unsigned long long)m->memory_mib);
}

static int write_disk(struct sw_buf *out, struct sw_err *err)
{
    return sw_buf_puts(out,
                       "      <Item>\n"
                       "        <rasd:Address>0</rasd:Address>\n"
                       "        <rasd:Description>SCSI controller</rasd:Description>\n"
                       "        <rasd:ElementName>SCSI controller 0</rasd:ElementName>\n"
                       "        <rasd:InstanceID>3</rasd:InstanceID>\n"
                       "        <rasd:ResourceSubType>lsilogic</rasd:ResourceSubType>\n"
                       "        <rasd:ResourceType>6</rasd:ResourceType>\n"
                       "      </Item>\n"
                       "      <Item>\n"
                       "        <rasd:AddressOnParent>0</rasd:AddressOnParent>\n"
                       "        <rasd:ElementName>Hard disk 1</rasd:ElementName>\n"
                       "        <rasd:HostResource>ovf:/disk/vmdisk1</rasd:HostResource>\n"
                       "        <rasd:InstanceID>4</rasd:InstanceID>\n"
                       "        <rasd:Parent>3</rasd:Parent>\n"
                       "        <rasd:ResourceType>17</rasd:ResourceType>\n"
                       "      </Item>\n"
                       "    </VirtualHardwareSection>\n"
                       "  </VirtualSystem>\n"
                       "</Envelope>\n",
                       err);
}

int ovf_write(const struct ovf_machine *machine, struct sw_buf *out, struct sw_err *err)
{
    if (write_front(machine, out, err) < 0 || write_system(machine, out, err) < 0 ||
        write_processors(machine, out, err) < 0)
        return -1;
    return write_disk(out, err);
}
