/** Starts a node: options, checks, the framework, and an orderly end. Outside the framework, on the plain class path. */
@NullMarked
package io.tenon.launcher;

import org.jspecify.annotations.NullMarked;
