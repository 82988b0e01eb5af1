package io.tenon.arch.planted.engine;

import io.tenon.arch.planted.backend.mine.internal.MyDisk;

/** Planted: a plug-in is imported, and from its inside. */
public record KnowsPlugIn(MyDisk disk) {}
