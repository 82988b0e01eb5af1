/** What there is to look at in a node, and who looks. */
@NullMarked
package io.tenon.health.internal;

import org.jspecify.annotations.NullMarked;
