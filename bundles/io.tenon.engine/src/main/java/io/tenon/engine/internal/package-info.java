/** The node's gRPC API v1, as control planes of Mayastor speak it. */
@NullMarked
package io.tenon.engine.internal;

import org.jspecify.annotations.NullMarked;
