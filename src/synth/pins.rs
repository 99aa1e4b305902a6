//! Synthetic pins and boards: items with a picture's vector and words, users who collect by theme.
//!
//! A topic is a direction, and an item is its topic's direction moved a little. The item's picture is a linear view of
//! that direction with noise, so pictures tell items of one topic apart. Its words are its topic's words or, by noise,
//! words of any topic, so words tell the topic and little else. A user is near a few topics and collects several items of
//! one topic in a row: mostly popular items near the user, sometimes any popular item. Picture, words and collections
//! together therefore predict best, as on the site that PinSAGE was made for.

use rand::distr::Distribution;
use rand::distr::weighted::WeightedIndex;
use rand::{Rng, RngExt};

use super::{SynthError, generator};

/// Width of the latent directions.
const LATENT: usize = 16;
/// Words of each topic; there are as many again per topic that belong to no topic.
const WORDS: usize = 12;
/// Words of a title.
const TITLE_WORDS: usize = 5;
/// Most topics of a user.
const USER_TOPICS: usize = 3;
/// Picks in a row from one topic.
const STRETCH: usize = 5;
/// Draws tried for an item that the user does not have yet.
const TRIES: usize = 64;
/// Exponent with which popularity falls with rank.
const POPULARITY_POWER: f64 = 0.7;
/// How strongly nearer items are preferred.
const SHARPNESS: f32 = 3.0;
/// How far an item is from its topic, and a user from the user's topics.
const SPREAD: f32 = 0.6;

/// Streams of random numbers, one per purpose; the stream of an item or user is the constant plus its id.
const TOPICS: u64 = 1 << 40;
const VIEW: u64 = TOPICS + 1;
const POPULARITY: u64 = TOPICS + 2;
const ITEMS: u64 = 2 << 40;
const USERS: u64 = 3 << 40;

/// The properties of the pins and boards.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pins {
    /// Users.
    pub n_users: u32,
    /// Items.
    pub n_items: u32,
    /// Approximate number of interactions per user.
    pub per_user: u32,
    /// Topics.
    pub n_topics: u32,
    /// Floats of a picture's vector.
    pub width: u32,
    /// Standard deviation of a picture's noise, beside a signal of length 1.
    pub picture_noise: f32,
    /// Share of words that belong to no topic.
    pub word_noise: f32,
    /// Share of picks among all popular items, whatever their topic.
    pub edge_noise: f32,
    /// The seed.
    pub seed: u64,
}

/// An item.
#[derive(Debug, Clone, PartialEq)]
pub struct Pin {
    /// Its topic.
    pub topic: u32,
    /// Its words.
    pub title: String,
    /// Its picture's vector.
    pub picture: Vec<f32>,
    direction: [f32; LATENT],
}

/// Items, and what is needed to make users' collections. Items and users are functions of the specification and their
/// number alone.
#[derive(Debug, Clone)]
pub struct PinBoards {
    spec: Pins,
    pins: Vec<Pin>,
    topics: Vec<[f32; LATENT]>,
    by_topic: Vec<Vec<u32>>,
    /// Popularity of the items of each topic, and of all.
    weights: Vec<Option<WeightedIndex<f64>>>,
    any: WeightedIndex<f64>,
}

impl PinBoards {
    /// Makes the items.
    ///
    /// # Errors
    /// When there is nothing to make.
    pub fn new(spec: Pins) -> Result<Self, SynthError> {
        let Pins {
            n_items,
            n_topics,
            width,
            ..
        } = spec;
        if spec.n_users == 0 || n_items == 0 || n_topics == 0 || width == 0 || spec.per_user == 0 {
            return Err(SynthError::Empty);
        }
        let mut rng = generator(spec.seed, TOPICS);
        let topics: Vec<_> = (0..n_topics).map(|_| direction(&mut rng)).collect();
        let mut rng = generator(spec.seed, VIEW);
        let scale = 1.0 / (LATENT as f32).sqrt();
        let view: Vec<[f32; LATENT]> = (0..width)
            .map(|_| std::array::from_fn(|_| scale * normal(&mut rng)))
            .collect();
        let pins: Vec<Pin> = (0..n_items)
            .map(|item| pin(&spec, &topics, &view, item))
            .collect();
        let mut by_topic = vec![Vec::new(); n_topics as usize];
        for (item, pin) in (0..).zip(&pins) {
            by_topic[pin.topic as usize].push(item);
        }
        let ranks = super::shuffled(n_items, spec.seed, POPULARITY);
        let popularity = |item: u32| f64::from(ranks[item as usize] + 1).powf(-POPULARITY_POWER);
        let index =
            |items: &mut dyn Iterator<Item = u32>| WeightedIndex::new(items.map(popularity));
        let Ok(any) = index(&mut (0..n_items)) else {
            return Err(SynthError::Empty);
        };
        Ok(Self {
            weights: by_topic
                .iter()
                .map(|items| index(&mut items.iter().copied()).ok())
                .collect(),
            any,
            spec,
            pins,
            topics,
            by_topic,
        })
    }

    /// The items; the position is the id.
    pub fn pins(&self) -> &[Pin] {
        &self.pins
    }

    /// The items a user collects, in their order, each once.
    pub fn board(&self, user: u32) -> Vec<u32> {
        let mut rng = generator(self.spec.seed, USERS + u64::from(user));
        let n_topics = rng.random_range(1..=USER_TOPICS.min(self.topics.len()));
        let topics: Vec<usize> = (0..n_topics)
            .map(|_| rng.random_range(0..self.topics.len()))
            .collect();
        let tastes: Vec<[f32; LATENT]> = topics
            .iter()
            .map(|&topic| moved(&self.topics[topic], &mut rng))
            .collect();
        let most = (self.spec.per_user / 2 + rng.random_range(0..=self.spec.per_user)) as usize;
        let mut board: Vec<u32> = Vec::with_capacity(most);
        // Bounded: a user whose topics have nothing left ends with fewer.
        for _ in 0..most.div_ceil(STRETCH) * 2 {
            let at = rng.random_range(0..topics.len());
            for _ in 0..STRETCH.min(most - board.len()) {
                let of_anything = rng.random::<f32>() < self.spec.edge_noise;
                let picked = (0..TRIES).find_map(|_| {
                    let item = match of_anything {
                        true => self.any.sample(&mut rng) as u32,
                        false => self.near(topics[at], &tastes[at], &mut rng)?,
                    };
                    (!board.contains(&item)).then_some(item)
                });
                // A topic with too few items near the user, or none left.
                board.extend(picked);
            }
        }
        board
    }

    /// A popular item of the topic, if it is near the taste.
    fn near(&self, topic: usize, taste: &[f32; LATENT], rng: &mut impl Rng) -> Option<u32> {
        let weights = self.weights[topic].as_ref()?;
        let item = self.by_topic[topic][weights.sample(rng)];
        let near: f32 = taste
            .iter()
            .zip(&self.pins[item as usize].direction)
            .map(|(a, b)| a * b)
            .sum();
        (rng.random::<f32>() < (SHARPNESS * (near - 1.0)).exp()).then_some(item)
    }
}

fn pin(spec: &Pins, topics: &[[f32; LATENT]], view: &[[f32; LATENT]], item: u32) -> Pin {
    let mut rng = generator(spec.seed, ITEMS + u64::from(item));
    let topic = rng.random_range(0..topics.len());
    let direction = moved(&topics[topic], &mut rng);
    let noise = spec.picture_noise / (view.len() as f32).sqrt();
    let picture = view
        .iter()
        .map(|row| {
            let signal: f32 = row.iter().zip(&direction).map(|(a, b)| a * b).sum();
            signal * (LATENT as f32 / view.len() as f32).sqrt() + noise * normal(&mut rng)
        })
        .collect();
    let words: Vec<String> = (0..TITLE_WORDS)
        .map(|_| {
            let word = rng.random_range(0..WORDS);
            match rng.random::<f32>() < spec.word_noise {
                true => format!("any{}", word + WORDS * rng.random_range(0..topics.len())),
                false => format!("t{topic}w{word}"),
            }
        })
        .collect();
    Pin {
        topic: topic as u32,
        title: words.join(" "),
        picture,
        direction,
    }
}

/// A direction near another.
fn moved(from: &[f32; LATENT], rng: &mut impl Rng) -> [f32; LATENT] {
    let scale = SPREAD / (LATENT as f32).sqrt();
    unit(std::array::from_fn(|at| from[at] + scale * normal(rng)))
}

fn direction(rng: &mut impl Rng) -> [f32; LATENT] {
    unit(std::array::from_fn(|_| normal(rng)))
}

fn unit(vector: [f32; LATENT]) -> [f32; LATENT] {
    let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
    vector.map(|x| x / length.max(f32::MIN_POSITIVE))
}

/// A standard normal number (Box and Muller, 1958).
fn normal(rng: &mut impl Rng) -> f32 {
    let (a, b): (f64, f64) = (rng.random(), rng.random());
    ((-2.0 * (1.0 - a).ln()).sqrt() * (std::f64::consts::TAU * b).cos()) as f32
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn spec() -> Pins {
        Pins {
            n_users: 200,
            n_items: 1000,
            per_user: 20,
            n_topics: 10,
            width: 32,
            picture_noise: 0.5,
            word_noise: 0.3,
            edge_noise: 0.1,
            seed: 4,
        }
    }

    fn cosine(a: &[f32], b: &[f32]) -> f32 {
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f32>();
        dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
    }

    #[test]
    fn pictures_words_and_boards_tell_of_the_topic() {
        let boards = PinBoards::new(spec()).unwrap();
        let pins = boards.pins();
        let (mut same, mut other) = (Vec::new(), Vec::new());
        for (a, b) in pins.iter().zip(&pins[1..]) {
            let near = cosine(&a.picture, &b.picture);
            if a.topic == b.topic {
                &mut same
            } else {
                &mut other
            }
            .push(near);
        }
        let mean = |all: &[f32]| all.iter().sum::<f32>() / all.len() as f32;
        assert!(
            mean(&same) > 0.3 && mean(&other).abs() < 0.2,
            "{} {}",
            mean(&same),
            mean(&other)
        );
        let own = pins.iter().map(|pin| {
            let mark = format!("t{}w", pin.topic);
            pin.title
                .split(' ')
                .filter(|word| word.starts_with(&mark))
                .count()
        });
        let share = own.sum::<usize>() as f64 / 5000.0;
        // 0.7 of 5,000 words, five standard deviations of which are 0.03.
        assert!((share - 0.7).abs() < 0.033, "{share}");
        let (mut alike, mut pairs) = (0, 0);
        for user in 0..200 {
            let board = boards.board(user);
            let mut distinct = board.clone();
            distinct.sort_unstable();
            distinct.dedup();
            assert_eq!(distinct.len(), board.len());
            assert!((5..=30).contains(&board.len()));
            for pair in board.windows(2) {
                let topic = |item: u32| pins[item as usize].topic;
                alike += usize::from(topic(pair[0]) == topic(pair[1]));
                pairs += 1;
            }
        }
        assert!(alike * 10 > pairs * 6, "{alike} of {pairs}");
    }

    #[test]
    fn they_are_a_function_of_the_specification() {
        let made = |seed| {
            let boards = PinBoards::new(Pins { seed, ..spec() }).unwrap();
            (boards.pins()[..50].to_vec(), boards.board(7))
        };
        assert_eq!(made(1), made(1));
        assert_ne!(made(1), made(2));
        let nothing = Pins {
            n_topics: 0,
            ..spec()
        };
        assert_eq!(PinBoards::new(nothing).unwrap_err(), SynthError::Empty);
    }
}
