package io.tenon.arch.planted.engine;

import io.tenon.arch.planted.nexus.Mirror;
import io.tenon.arch.planted.pool.Pool;

/** Right: a face may know every service. */
public record Face(Mirror mirror, Pool pool) {}
