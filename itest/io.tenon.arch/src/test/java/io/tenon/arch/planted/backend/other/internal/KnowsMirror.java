package io.tenon.arch.planted.backend.other.internal;

import io.tenon.arch.planted.nexus.Mirror;

/** Planted: a backend knows more than its SPI. */
public record KnowsMirror(Mirror mirror) {}
