package io.tenon.arch.planted.block;

import io.tenon.arch.planted.nexus.Mirror;

/** Planted: looks up. */
public record KnowsNexus(Mirror mirror) {}
