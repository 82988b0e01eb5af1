package io.tenon.arch.planted.nexus;

import io.tenon.arch.planted.pool.Pool;

/** Planted: looks sideways. */
public record KnowsPool(Pool pool) {}
