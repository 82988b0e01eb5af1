/** Components that turn a framework full of bundles into a node: configuration, log, readiness. */
@NullMarked
package io.tenon.node.internal;

import org.jspecify.annotations.NullMarked;
