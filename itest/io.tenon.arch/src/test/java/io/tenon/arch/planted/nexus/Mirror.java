package io.tenon.arch.planted.nexus;

import io.tenon.arch.planted.block.Device;

/** Right: looks down. */
public record Mirror(Device first, Device second) {}
