# All the devices that an emulated enclave needs.
CONFIG_NITRO_ENCLAVE=y
CONFIG_MICROVM=y
CONFIG_VIRTIO_MMIO=y
