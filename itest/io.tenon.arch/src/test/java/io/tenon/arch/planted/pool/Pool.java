package io.tenon.arch.planted.pool;

import io.tenon.arch.planted.block.Device;

/** Right: looks down. */
public record Pool(Device disk) {}
