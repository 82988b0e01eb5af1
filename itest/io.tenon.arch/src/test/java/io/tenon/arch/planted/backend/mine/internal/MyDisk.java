package io.tenon.arch.planted.backend.mine.internal;

import io.tenon.arch.planted.block.Device;

/** Right: a plug-in that knows its SPI. */
public record MyDisk(long blocks) implements Device {}
