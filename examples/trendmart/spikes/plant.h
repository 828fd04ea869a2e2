// SPDX-License-Identifier: Apache-2.0
// Plants spikes, near-spikes and drops in a shop's views, so that the rule says exactly what was
// meant.
#ifndef TRENDMART_PLANT_H
#define TRENDMART_PLANT_H

#include "shop.h"

// Plants what the options ask for and fills shop->truth; false after a message.
bool plant_all(struct shop *shop);

#endif
