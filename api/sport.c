/* SPDX-License-Identifier: MIT */
/* Sport codes and names; see sport.h. */
#include "api/sport.h"

#include <stddef.h>
#include <stdlib.h>

struct sport {
	int code;
	const char *name;
};

/* By code, for bsearch. */
static const struct sport sports[] = {
	{98, "Custom Sport"},   {100, "Run"},
	{101, "Indoor Run"},    {102, "Trail Run"},
	{103, "Track Run"},     {104, "Hike"},
	{105, "Mtn Climb"},     {106, "Climb"},
	{200, "Road Bike"},     {201, "Indoor Bike"},
	{202, "Road E-Bike"},   {203, "Gravel Bike"},
	{204, "Mountain Bike"}, {205, "Mountain E-Bike"},
	{299, "Helmet Bike"},   {300, "Pool Swim"},
	{301, "Open Water"},    {400, "Gym Cardio"},
	{401, "GPS Cardio"},    {402, "Strength"},
	{500, "Ski"},           {501, "Snowboard"},
	{502, "XC Ski"},        {503, "Ski Touring"},
	{700, "Row"},           {701, "Indoor Row"},
	{702, "Whitewater"},    {704, "Flatwater"},
	{705, "Windsurfing"},   {706, "Speedsurfing"},
	{707, "Boat Lure"},     {708, "Shore Lure"},
	{709, "Pond Lure"},     {710, "Kayak Lure"},
	{711, "Inshore"},       {712, "Offshore"},
	{713, "Boat Fly"},      {714, "Shore Fly"},
	{715, "Surf"},          {800, "Indoor Climb"},
	{801, "Bouldering"},    {802, "Outdoor Climb"},
	{900, "Walk"},          {901, "Jump Rope"},
	{902, "Climb Stairs"},  {903, "Elliptical"},
	{904, "Yoga"},          {905, "Pilates"},
	{906, "Boxing"},        {1000, "Badminton"},
	{1001, "Table Tennis"}, {1002, "Basketball"},
	{1003, "Football"},     {1004, "Pickleball"},
	{1005, "Tennis"},       {1006, "Padel"},
	{1100, "Frisbee"},      {1101, "Skateboard"},
	{1200, "Hybrid"},       {10000, "Triathlon"},
	{10001, "Multisport"},  {10002, "Ski Touring"},
	{10003, "Multi-pitch"},
};

static int by_code(const void *key, const void *item)
{
	int code = *(const int *)key;
	const struct sport *sport = item;

	return (code > sport->code) - (code < sport->code);
}

const char *sport_name(int code)
{
	const struct sport *sport = bsearch(&code, sports, sizeof(sports) / sizeof(sports[0]),
					    sizeof(sports[0]), by_code);

	return sport ? sport->name : NULL;
}
