/** The node's figures for Prometheus. */
@NullMarked
package io.tenon.metrics.internal;

import org.jspecify.annotations.NullMarked;
